"""What opens another question, turn or input: data of :mod:`evalguard.scorers.turns`."""

from __future__ import annotations

QUESTIONS: dict[str, tuple[str, ...]] = {
    "English": ("question", "q", "problem", "exercise", "riddle", "puzzle", "query", "user",
                "human", "student", "customer", "instruction", "instructions", "system"),
    "Mandarin": ("问题", "問題", "题目", "題目", "问", "問", "例题", "例題", "练习", "練習", "用户",
                 "用戶", "人类", "指令"),
    "Hindi": ("प्रश्न", "सवाल", "समस्या", "उपयोगकर्ता", "निर्देश"),
    "Spanish": ("pregunta", "problema", "ejercicio", "usuario", "humano", "instrucción"),
    "French": ("problème", "exercice", "utilisateur", "utilisatrice", "humain"),
    "Arabic": ("سؤال", "السؤال", "مسألة", "المسألة", "تمرين", "المستخدم", "مستخدم"),
    "Bengali": ("প্রশ্ন", "সমস্যা", "ব্যবহারকারী"),
    "Portuguese": ("pergunta", "questão", "exercício", "usuário", "utilizador", "instrução"),
    "Russian": ("вопрос", "задача", "упражнение", "пользователь", "человек", "инструкция"),
    "Urdu": ("سوال", "صارف", "مسئلہ"),
    "Indonesian": ("pertanyaan", "soal", "masalah", "pengguna", "instruksi"),
    "German": ("frage", "aufgabe", "übung", "benutzer", "nutzer", "mensch", "anweisung"),
    "Japanese": ("質問", "例題", "ユーザー", "ユーザ", "人間", "指示"),
    "Korean": ("질문", "문제", "사용자", "지시"),
    "Turkish": ("soru", "kullanıcı", "alıştırma"),
    "Italian": ("domanda", "esercizio", "utente", "istruzione"),
    "Vietnamese": ("câu hỏi", "bài toán", "người dùng"),
    "Persian": ("پرسش", "کاربر"),
    "Polish": ("pytanie", "zadanie", "użytkownik"),
    "Ukrainian": ("питання", "завдання", "користувач"),
    "Dutch": ("vraag", "opgave", "gebruiker"),
    "Thai": ("คำถาม", "ผู้ใช้"),
    "Tamil": ("கேள்வி",),
    "Telugu": ("ప్రశ్న",),
    "Swahili": ("swali",),
    "Greek": ("ερώτηση", "χρήστης"),
    "Hebrew": ("שאלה", "משתמש"),
    "Czech": ("otázka", "uživatel"),
    "Swedish": ("fråga", "användare"),
}  # fmt: skip
"""Words that open a line with a question, or with the turn of whoever asks."""

INPUTS: tuple[str, ...] = (
    "text", "review", "sentence", "premise", "input", "tweet", "passage", "context", "comment",
    "email", "e-mail", "message", "article", "paragraph", "document", "utterance", "headline",
    "ticket", "claim", "statement", "post", "title", "example", "texto", "reseña", "oración",
    "mensaje", "comentario", "entrada", "texte", "avis", "phrase", "commentaire", "entrée",
    "satz", "nachricht", "kommentar", "eingabe", "bewertung", "frase", "mensagem", "comentário",
    "testo", "recensione", "messaggio", "текст", "отзыв", "предложение", "сообщение", "комментарий",
    "文本", "评论", "句子", "输入", "文章", "テキスト", "文", "レビュー", "入力", "コメント",
    "텍스트", "문장", "리뷰", "입력", "पाठ", "वाक्य", "समीक्षा", "टिप्पणी", "النص", "نص",
    "الجملة", "التعليق", "مراجعة", "teks", "kalimat", "ulasan", "metin", "cümle", "yorum",
    "পাঠ্য", "বাক্য", "متن",
)  # fmt: skip
"""Words that open a line with what is to be classified or read, as in a prompt with examples."""

PREAMBLE = (
    r"(?:sure|ok(?:ay)?|certainly|of course|absolutely|great|alright|all right|gladly|thank|hello"
    r"|hi"
    r"|let(?:'|’)?s|let (?:me|us)|here(?:'s|’s| is| are)|i(?:'ll|’ll| will| am going| need| want"
    r"| have to)|we(?:'ll|’ll| will| are| need| want| have to|'re|’re)|first|to (?:solve|answer"
    r"|find)"
    r"|the (?:question|problem|task|following)|given|this (?:question|problem)|restat|my task"
    r"|claro|por supuesto|vamos|veamos|aquí|para (?:resolver|responder)|bien sûr|voici|d'accord"
    r"|d’accord|commençons|pour (?:résoudre|répondre)|natürlich|gerne?|klar|hier|lass|zuerst|um "
    r"|com certeza|aqui|primeiro|certo|ecco|certamente|per (?:risolvere|rispondere)|конечно|давайте"
    r"|хорошо|вот|сначала|чтобы|tentu|baik|mari|berikut|tabii|elbette|önce|işte"
    r"|好的|当然|當然|首先|让我|讓我|我们|我們|下面|以下|はい|もちろん|まず|では|以下|네|물론|먼저"
    r"|다음"
    r"|ज़रूर|जरूर|बिल्कुल|आइए|पहले|बेशक|بالتأكيد|حسنا|بالطبع|لنبدأ|أولا|অবশ্যই|ঠিক আছে|ضرور|بالکل)"
)
"""Beginnings, as a regular expression, of a text that leads up to an answer and gives none."""
